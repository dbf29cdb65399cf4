// The Look inside page: one picture, the network as blocks, and what a layer makes of the picture.

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { FeatureMap } from '../../../explain/index.ts';
import type { RunView } from '../../protocol.ts';
import { NetworkPage } from '../components/network-page.tsx';
import { Problem } from '../components/problem.tsx';
import { useAnswer } from '../draw/use-answer.ts';
import { networkEngine } from '../engine/clients.ts';
import type { PartView } from '../engine/describe-network.ts';
import type { Picture } from '../engine/network-jobs.ts';
import { strings } from '../i18n/strings.ts';
import { route, setQuery } from '../router.ts';
import type { UsableNetwork } from '../state/network.ts';
import { blank, lightOnDark, pictureFor, showTestImage, source } from '../state/picture.ts';
import { Diagram } from './diagram.tsx';
import { FirstWeights } from './first-weights.tsx';
import './inside.css';
import { LayerList } from './layer-list.tsx';
import { Maps } from './maps.tsx';
import { Norms } from './norms.tsx';
import { Subject } from './subject.tsx';

export function InsidePage() {
  const { inside } = strings.value;
  return (
    <NetworkPage title={inside.title} lead={inside.lead}>
      {(run, network) => <Inside run={run} network={network} />}
    </NetworkPage>
  );
}

function Inside({ run, network: { key, card, network } }: { run: RunView; network: UsableNetwork }) {
  const { inside } = strings.value;
  const [problem, setProblem] = useState<unknown>();
  const shown = source.value;
  const inverted = lightOnDark.value;
  const picture = useMemo(() => pictureFor(shown, card, inverted), [shown, card, inverted]);
  const question = useMemo(() => picture && { key, picture, explain: false, target: undefined }, [key, picture]);
  const { answered, error } = useAnswer(question);
  const parts = network.stages.flatMap((stage) => stage.parts);
  const layer = route.value.query.layer ?? parts.find(({ shortcut }) => shortcut !== null)?.name ?? parts[0].name;
  const part = partOf(parts, layer);
  const maps = useFeatureMap(key, picture, layer);

  const takeTestImage = () => {
    setProblem(undefined);
    showTestImage(run).catch(setProblem);
  };
  // Nothing drawn: an image of the test set, so that there is something to see.
  useEffect(() => {
    if (source.peek() === blank) takeTestImage();
  }, []);
  const choose = (name: string) => setQuery({ layer: name });
  return (
    <>
      <Subject run={run} answer={answered?.answer} onTestImage={takeTestImage} />
      {problem !== undefined && <Problem error={problem} />}
      {error !== undefined && <Problem error={error} />}
      <Diagram network={network} chosen={part?.name} onChoose={(name) => choose(lastLayerOf(parts, name))} />
      {part && (
        <section class="panel look" aria-label={part.name}>
          <LayerList part={part} chosen={layer} onChoose={choose} />
          <div>
            <h3>{inside.featureMaps(layer)}</h3>
            {maps.error !== undefined && <Problem error={maps.error} />}
            {maps.map ? <Maps map={maps.map} /> : <p class="soft">{picture ? '' : inside.noPicture}</p>}
          </div>
        </section>
      )}
      <FirstWeights networkKey={key} />
      <Norms run={run.id} />
    </>
  );
}

/** A block's own output; of stem and head, which are no modules, the last layer's. */
function lastLayerOf(parts: readonly PartView[], name: string): string {
  const part = parts.find((candidate) => candidate.name === name)!;
  return part.shortcut === null ? part.layers.at(-1)!.name : name;
}

function partOf(parts: readonly PartView[], layer: string): PartView | undefined {
  return parts.find(({ name, layers }) => name === layer || layers.some((own) => own.name === layer));
}

/** The one before stays until the new one is there. */
function useFeatureMap(key: string, picture: Picture | undefined, layer: string) {
  const [state, setState] = useState<{ map?: FeatureMap; error?: unknown }>({});
  useEffect(() => {
    if (!picture) return setState({});
    let wanted = true;
    networkEngine.call('features', { key, picture, layer }).then(
      (map) => wanted && setState({ map }),
      (error) => wanted && setState({ error }),
    );
    return () => {
      wanted = false;
    };
  }, [key, picture, layer]);
  return state;
}
