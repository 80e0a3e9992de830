/**
 * A Socket.IO server with connection state recovery. In memory, one process: the Redis adapter has no recovery, and
 * this is the one that recovers fastest.
 */
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const [port] = process.argv.slice(2);
const http = createServer();
const io = new Server(http, {
  transports: ['websocket'],
  connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true },
});

io.on('connection', socket => {
  socket.on('join', async (room: string, done: (answer: string) => void) => {
    await socket.join(room);
    done('ok');
  });
  socket.on('message', (text: string, done: (answer: string) => void) => {
    for (const room of socket.rooms) if (room !== socket.id) io.to(room).emit('message', text);
    done('ok');
  });
});
http.listen(Number(port), '127.0.0.1');
