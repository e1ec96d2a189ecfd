import { session } from "@guanxi/kit";
import type { Router } from "vue-router";

/** The page here that a link of a notice or a to-do leads to, if there is one: some only the console has. */
export function pageOf(router: Router, link: string): string | null {
  const path = link.replace(/^\/app\/staff\//, "/");
  const to = path ? router.resolve(path) : null;
  if (!to || to.matched[0]?.path === "/:rest(.*)") return null;
  return to.meta.point && !session.may(to.meta.point) ? null : path;
}
