import { ElMessageBox } from "element-plus";
import { words } from "../words";

/** Ask before what can't be taken back. */
export async function confirmed(question: string, act: string): Promise<boolean> {
  const options = { confirmButtonText: act, cancelButtonText: words.common.cancel };
  return ElMessageBox.confirm(question, act, options).then(
    () => true,
    () => false,
  );
}
