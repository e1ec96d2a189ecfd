import { speak } from "./language";
import { zh } from "./terms.zh";

/** What stages, kinds and the like are called. */
export const terms = speak(zh, () => import("./terms.en"));
