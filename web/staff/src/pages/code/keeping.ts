import { insideWechat } from "@guanxi/kit";

/** The picture as it can be pressed for long: WeChat knows no others than those in their own address. */
export async function pressable(url: string): Promise<string> {
  if (!insideWechat()) return url;
  const image = Object.assign(new Image(), { src: url });
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d")?.drawImage(image, 0, 0);
  return canvas.toDataURL();
}

/** Put a picture among the phone's files; where WeChat forbids it, gives the address to show for a long press. */
export async function keepPicture(url: string, name: string): Promise<string | null> {
  if (insideWechat()) return pressable(url);
  Object.assign(document.createElement("a"), { href: url, download: `${name}.png` }).click();
  return null;
}
