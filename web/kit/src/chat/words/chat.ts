import { speak } from "../../words/language";
import { zh } from "./zh";

export const words = speak(zh, () => import("./en"));
