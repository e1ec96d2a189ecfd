export const menus = {};
