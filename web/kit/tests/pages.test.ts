import { expect, test } from "vitest";
import { usePages } from "../src/states/pages";

test("a late answer to an older question neither shows nor is gone on from", async () => {
  const answers: ((page: { items: string[]; next: string | null }) => void)[] = [];
  const asked: (string | undefined)[] = [];
  const list = usePages<string>((cursor) => {
    asked.push(cursor);
    return new Promise((resolve) => answers.push(resolve));
  });
  const newer = list.load();
  answers[1]?.({ items: ["new"], next: "new cursor" });
  await newer;
  answers[0]?.({ items: ["old"], next: "old cursor" });
  await Promise.resolve();
  expect(list.data.value).toEqual(["new"]);
  void list.loadMore();
  expect(asked).toEqual([undefined, undefined, "new cursor"]);
});
