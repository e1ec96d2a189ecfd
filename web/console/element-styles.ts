import type { Plugin } from "vite";

const IMPORT = /import\s*\{([^}]+)\}\s*from\s*["']element-plus["']/g;

/** Element Plus comes component by component: beside each one that a file imports stands the style it needs. */
export function elementStyles(): Plugin {
  return {
    name: "element-styles",
    transform(code, id) {
      if (id.includes("/node_modules/")) return null;
      const styles = [...code.matchAll(IMPORT)]
        .flatMap(([, names = ""]) => names.split(","))
        .map((name) => name.trim())
        .filter((name) => /^El[A-Z]/.test(name))
        .map((name) => `import "element-plus/es/components/${folder(name)}/style/css";`);
      return styles.length ? { code: `${[...new Set(styles)].join("")}${code}`, map: null } : null;
    },
  };
}

/** ElTableColumn lies in table-column. */
function folder(component: string): string {
  return component
    .slice(2)
    .replace(/([a-z])([A-Z])/g, "$1-$2")
    .toLowerCase();
}
