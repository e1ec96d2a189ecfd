import { speak } from "@guanxi/kit";
import { zh } from "./zh";

export const words = speak(zh, () => import("./en"));
