import { shallowRef, type Ref } from "vue";

/** Something a person does: while it runs it can't be done again, and what goes wrong is kept to be shown. */
export interface Action<Args extends unknown[], T> {
  run: (...args: Args) => Promise<T | undefined>;
  busy: Ref<boolean>;
  error: Ref<unknown>;
}

export function useAction<Args extends unknown[], T>(act: (...args: Args) => Promise<T>): Action<Args, T> {
  const busy = shallowRef(false);
  const error = shallowRef<unknown>();

  async function run(...args: Args): Promise<T | undefined> {
    if (busy.value) return undefined;
    busy.value = true;
    error.value = undefined;
    try {
      return await act(...args);
    } catch (thrown) {
      error.value = thrown;
      return undefined;
    } finally {
      busy.value = false;
    }
  }

  return { run, busy, error };
}
