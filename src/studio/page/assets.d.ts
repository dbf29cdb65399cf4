// What the page imports besides TypeScript: vite takes it into the build.
declare module '*.css';
