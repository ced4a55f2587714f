import './faults.ts';

// After the faults are listened to.
await import('../../src/app/encoder-thread.ts');
