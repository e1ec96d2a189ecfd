import { onBeforeUnmount, onMounted, type Ref } from "vue";
import type { Router } from "vue-router";

interface Modal {
  isOpen: () => boolean;
  /** Closes it, if nothing is lost by that; gives whether it did. */
  leave: () => boolean;
}

const standing: Modal[] = [];

/** Something of a page's own for the way back to end at: else it would leave the page, or the application. */
function addStop(): void {
  const state = window.history.state as Record<string, unknown> | null;
  if (state?.["stop"] !== state?.["current"]) window.history.pushState({ ...state, stop: state?.["current"] }, "");
}

/** A phone's way back leaves what stands open over a page before it leaves the page. Call it once. */
export function leaveByTheWayBack(router: Router): void {
  let stays = false;
  router.options.history.listen((to, from, { delta }) => {
    const modal = standing.filter(({ isOpen }) => isOpen()).at(-1);
    const isStop = delta === 0 && to === from;
    // The router takes a refusal of the same page for one of the page before.
    stays = modal !== undefined && !isStop;
    if (modal) {
      if (!modal.leave() && isStop) addStop();
    } else if (isStop) {
      // Nothing stands open any more: the way goes on.
      window.history.back();
    }
  });
  router.beforeEach(() => {
    const goes = !stays;
    stays = false;
    return goes;
  });
}

/** A modal dialog that stands open as long as it is on the page; then the focus goes back to where it was. */
export function useModal(dialog: Readonly<Ref<HTMLDialogElement | null>>, leave?: Modal["leave"]): void {
  const close = () => {
    dialog.value?.close();
    return true;
  };
  const mine = { isOpen: () => dialog.value?.open ?? false, leave: leave ?? close };
  onMounted(() => {
    dialog.value?.showModal();
    standing.push(mine);
    addStop();
  });
  onBeforeUnmount(() => {
    standing.splice(standing.indexOf(mine), 1);
    close();
  });
}
