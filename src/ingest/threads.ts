/** Worker threads as the write path sees them: something that takes messages and hands messages back. */
export interface ThreadPort<Out, In> {
  post(message: Out, transfer?: readonly ArrayBuffer[]): void;
  onMessage(handler: (message: In) => void): void;
  /** Called once, when the thread is gone for any reason. */
  onExit(handler: (error: Error | undefined) => void): void;
  terminate(): Promise<void>;
}

export type StartThread<Out, In> = () => ThreadPort<Out, In>;
