export const replies = { card: { title: "", description: "", url: "", urlWrong: "", picture: "" }, pictureChosen: "" };
