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

interface Outcome {
  readonly answered: Answered | undefined;
  readonly error: unknown;
}

const nothing: Outcome = { answered: undefined, error: undefined };

/** @param question undefined: there is nothing to ask */
export function useAnswer(question: Question | undefined): Outcome {
  const [state, setState] = useState(nothing);
  const newest = useRef(question);
  const isAsking = useRef(false);
  newest.current = question;

  useEffect(() => {
    if (isAsking.current) return;
    isAsking.current = true;
    const askAll = async () => {
      let asked: Question | undefined | null = null;
      while (asked !== newest.current) {
        asked = newest.current;
        const result = asked === undefined ? nothing : await ask(asked);
        // Where the paper was cleared meanwhile, the answer to what was on it is not shown.
        if (newest.current !== undefined || asked === undefined) setState(result);
      }
      isAsking.current = false;
    };
    void askAll();
  }, [question]);
  return question ? state : nothing;
}

async function ask({ key, picture, explain, target }: Question): Promise<Outcome> {
  try {
    const answer = await networkEngine.call('predict', { key, picture });
    const explanation = explain ? await networkEngine.call('explain', { key, picture, target }) : undefined;
    return { answered: { answer, explanation }, error: undefined };
  } catch (error) {
    return { answered: undefined, error };
  }
}
