// An image of a run's data, by its index.

import { useEffect, useState } from 'preact/hooks';
import type { SplitName } from '../../../data/index.ts';
import { storeOf } from '../state/runs.ts';

interface Props {
  readonly run: string;
  readonly split: SplitName;
  readonly index: number;
  readonly alt: string;
}

export function RunImage({ run, split, index, alt }: Props) {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    let wanted = true;
    storeOf(run)
      .runImage(run, split, index)
      .then(
        (found) => wanted && setAddress(found),
        () => wanted && setAddress(undefined),
      );
    return () => {
      wanted = false;
    };
  }, [run, split, index]);
  return <img class="run-image" src={address} alt={alt} loading="lazy" width="64" height="64" />;
}
