import { account } from "./account";
import { codes, parameters, settings, staff } from "./settings";
import { common, finder, nav, notices, pages, shell } from "./shell";
import { customers, picture } from "./customers";
import { imports, mobiles, pool, reminders } from "./lists";
import { inbox } from "./inbox";
import { menus } from "./menus";
import { replies } from "./replies";
import { rights } from "./rights";
import { welcomes } from "./welcomes";

export const zh = {
  common,
  nav,
  shell,
  finder,
  notices,
  pages,
  inbox,
  customers,
  picture,
  replies,
  welcomes,
  menus,
  account,
  codes,
  staff,
  parameters,
  rights,
  settings,
  reminders,
  pool,
  mobiles,
  imports,
};

export type Words = typeof zh;
