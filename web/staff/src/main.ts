import "@guanxi/kit/style.css";
import "vant/es/pull-refresh/style";
import "vant/es/toast/style";
import "./style.css";
import "./styles/forms.css";
import "./styles/rows.css";
import { start } from "@guanxi/kit";
import App from "./App.vue";
import { routes } from "./routes";

void start(App, import.meta.env.BASE_URL, routes);
