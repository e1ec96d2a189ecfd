import type { View } from "@guanxi/kit/chat";

export const VIEWS: View[] = ["mine", "store", "agents", "waiting", "all"];
