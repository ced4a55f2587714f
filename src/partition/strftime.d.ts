/** The package `strftime` brings no types; this is the part that is used here. */
declare module 'strftime' {
  export default function strftime(format: string, date: Date): string;
}
