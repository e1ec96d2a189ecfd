import { codes, parameters, settings, staff } from "./settings";
import { common, finder, nav, notices, pages, shell } from "./shell";
import { customers, picture } from "./customers";
import { inbox } from "./inbox";
import { menus } from "./menus";
import { replies } from "./replies";

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
  menus,
  codes,
  staff,
  parameters,
  settings,
};

export type Words = typeof zh;
