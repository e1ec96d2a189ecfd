import { picture } from "@guanxi/kit";

/** Fetch a file of ours with the session's token, and hand it to the person. */
export async function download(path: string, name: string): Promise<void> {
  const address = await picture(path);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // Safari reads the file only after the click.
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
