import { ref, watch, type Ref } from "vue";
import { useRoute, useRouter } from "vue-router";

/** A filter that stands in the page's address, so that a reload and the way back find it again. */
export function useAddressed(name: string, usual = ""): Ref<string> {
  const route = useRoute();
  const router = useRouter();
  const { path } = route;
  const given = () => {
    const value = route.query[name];
    return typeof value === "string" ? value : usual;
  };
  const value = ref(given());
  // What is on its way into the address doesn't come back from there: more may have been typed meanwhile.
  let writing = 0;
  const adopt = (now: string) => {
    if (!writing && route.path === path) value.value = now;
  };
  watch(given, adopt, { flush: "sync" });
  watch(value, async (now) => {
    if (now === given()) return;
    writing += 1;
    await router.replace({ query: { ...route.query, [name]: now === usual ? undefined : now } });
    writing -= 1;
  });
  return value;
}
