// The peer of `./run bench encounters`: @tus/server with its file store, as its README sets it up.
import { mkdirSync } from 'node:fs'

import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [directory, port] = process.argv.slice(2)
mkdirSync(directory, { recursive: true })
new Server({ path: '/files', datastore: new FileStore({ directory }) }).listen({ host: '127.0.0.1', port: Number(port) })
