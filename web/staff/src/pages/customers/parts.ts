import type { Schemas } from "@guanxi/kit";

type Picture = Schemas["PictureOut"];

/** What the contexts tell of a customer, in the shapes that these pages draw. */
export interface Identity {
  app_id: string;
  account: string;
  following: boolean;
  since: string | null;
  talked_at: string | null;
  window_open: boolean;
  labels: string[];
}

export interface Task {
  id: string;
  title: string;
  deadline: string | null;
  recalled: boolean;
  author: string;
  asked: number;
  done: number;
}

function content<T>(of: Picture, kind: keyof Picture["parts"], name: string): T | undefined {
  return of.parts[kind]?.find((part) => part.name === name)?.content as T | undefined;
}

export const identitiesOf = (of: Picture) => content<Identity[]>(of, "identities", "wechat.identities") ?? [];
export const tasksOf = (of: Picture) => content<Task[]>(of, "tasks", "customers.tasks") ?? [];
export const privacyOf = (of: Picture) => content<Schemas["PrivacyOut"]>(of, "privacy", "customers.privacy");
