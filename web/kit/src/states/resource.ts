import { shallowRef, type Ref } from "vue";
import { whenOnline } from "../offline";

/** Something that is read from the server, and how that stands. */
export interface Resource<T> {
  data: Ref<T | undefined>;
  error: Ref<unknown>;
  loading: Ref<boolean>;
  load: () => Promise<void>;
}

/**
 * Read now, again by `load`, and by itself when the network is back. What was read stays while it is read anew, and when
 * that fails; of two answers the one asked for last counts. What fills a form, or creates something by being asked for,
 * says `renew: false`: when the network is back only what could not be read is asked for again. A `read` that keeps
 * something beside its answer asks `isLatest` first.
 */
export function useResource<T>(read: (isLatest: () => boolean) => Promise<T>, { renew = true } = {}): Resource<T> {
  const data = shallowRef<T>();
  const error = shallowRef<unknown>();
  const loading = shallowRef(false);
  let asked = 0;

  async function load(): Promise<void> {
    const mine = ++asked;
    loading.value = true;
    try {
      const answer = await read(() => mine === asked);
      if (mine === asked) [data.value, error.value] = [answer, undefined];
    } catch (thrown) {
      if (mine === asked) error.value = thrown;
    } finally {
      if (mine === asked) loading.value = false;
    }
  }

  whenOnline(() => (renew || error.value !== undefined) && void load());
  void load();
  return { data, error, loading, load };
}
