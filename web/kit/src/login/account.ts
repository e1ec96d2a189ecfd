const KEPT_AS = "guanxi.account";

/** Remember the account whose menu or notice opened the page (`?app_id=`): it is named only then. */
export function rememberAccount(): void {
  const named = new URLSearchParams(location.search).get("app_id");
  if (named) localStorage.setItem(KEPT_AS, named);
}

/** The account by which a phone logs in here, if one ever opened these pages. */
export function rememberedAccount(): string | null {
  return localStorage.getItem(KEPT_AS);
}
