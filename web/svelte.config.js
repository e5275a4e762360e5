/** Runes everywhere, so a file's reactivity can be read from the file itself. */
export default {
  compilerOptions: { runes: true },
};
