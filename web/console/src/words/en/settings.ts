export const codes = {}; export const staff = {}; export const parameters = {}; export const settings = {};
