// The one backend of this page: its own index.html says which (protocol.ts: BACKEND_META).

import { BACKEND_META } from '../../protocol.ts';
import type { Backend } from '../backend.ts';
import { ServerBackend } from '../server-backend.ts';
import { StaticBackend } from '../static-backend.ts';

const isStatic = document.querySelector<HTMLMetaElement>(`meta[name="${BACKEND_META}"]`)?.content === 'static';

export const backend: Backend = isStatic ? new StaticBackend() : new ServerBackend();
