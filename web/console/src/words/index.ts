import { speak } from "@guanxi/kit";
import { zh } from "./zh";

/** What people read on the console. */
export const words = speak(zh, () => import("./en"));
