import { ref } from "vue";
import { isRefusal } from "@guanxi/kit";

/**
 * The version that is changed by saving. Where somebody else was faster (refused with `code`) nothing is saved: what is
 * written here stays, `moved` says so, and saving again replaces theirs.
 */
export function useVersion(code: string, first = 0) {
  const version = ref(first);
  const moved = ref(false);

  /** This is what there is now. */
  function take(now: number): void {
    version.value = now;
    moved.value = false;
  }

  /** Do it; whether it was done. */
  async function unlessMoved(act: () => Promise<unknown>): Promise<boolean> {
    moved.value = false;
    try {
      await act();
      return true;
    } catch (thrown) {
      if (!isRefusal(thrown, code)) throw thrown;
      version.value = Number(thrown.details["version"] ?? 0);
      moved.value = true;
      return false;
    }
  }

  return { version, moved, take, unlessMoved };
}
