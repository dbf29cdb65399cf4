// The network's answer to a picture that changes as fast as a pen moves: one question at a time is under way, and the newest
// waits; what lies between is never asked.

import { useEffect, useRef, useState } from 'preact/hooks';
import { networkEngine } from '../engine/clients.ts';
import type { networkJobs, Picture } from '../engine/network-jobs.ts';

export type Answer = Awaited<ReturnType<typeof networkJobs.predict>>;
export type Explanation = Awaited<ReturnType<typeof networkJobs.explain>>;

export interface Answered {
  readonly answer: Answer;
  /** undefined where it was not wanted. */
  readonly explanation: Explanation | undefined;
}

export interface Question {
  readonly key: string;
  readonly picture: Picture;
  /** Whether to say what speaks for it. */
  readonly explain: boolean;
  /** The class to explain; the likeliest by default. */
  readonly target: number | undefined;
}

/** @param question undefined: there is nothing to ask */
export function useAnswer(question: Question | undefined): { answered: Answered | undefined; error: unknown } {
  const [state, setState] = useState<{ answered: Answered | undefined; error: unknown }>({
    answered: undefined,
    error: undefined,
  });
  const newest = useRef(question);
  const isAsking = useRef(false);
  newest.current = question;

  useEffect(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    const askAll = async () => {
      for (let asked: Question | undefined; asked !== newest.current; ) {
        asked = newest.current;
        const result = asked && (await ask(asked));
        // Where the paper was cleared meanwhile, the answer to what was on it is not shown.
        if (newest.current !== undefined || asked === undefined)
          setState(result ?? { answered: undefined, error: undefined });
      }
      isAsking.current = false;
    };
    void askAll();
  }, [question]);
  return question ? state : { answered: undefined, error: undefined };
}

async function ask({
  key,
  picture,
  explain,
  target,
}: Question): Promise<{ answered: Answered | undefined; error: unknown }> {
  try {
    const answer = await networkEngine.call('predict', { key, picture });
    const explanation = explain ? await networkEngine.call('explain', { key, picture, target }) : undefined;
    return { answered: { answer, explanation }, error: undefined };
  } catch (error) {
    return { answered: undefined, error };
  }
}
