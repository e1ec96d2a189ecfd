import { api, data, type Schemas } from "../api/client";
import { useLive } from "../live/useLive";
import { useResource, type Resource } from "../states/resource";
import { throttled } from "./throttle";

const PAUSE_MS = 1_000;

/** What the badges show, brought up to date by the stream. */
export function useCounts(): Resource<Schemas["wechat__inbox__schemas__CountsOut"]> {
  const counts = useResource(() => data(api.GET("/staff/v1/inbox/counts")));
  useLive({ chat: throttled(counts.load, PAUSE_MS) }, counts.load);
  return counts;
}
