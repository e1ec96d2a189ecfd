import "@guanxi/kit/style.css";
import { start } from "@guanxi/kit";
import App from "./App.vue";
import { routes } from "./routes";
import "./style.css";

void start(App, import.meta.env.BASE_URL, routes);
