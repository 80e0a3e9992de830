/** A Socket.IO server as its documentation shows it: rooms, an acknowledgement, other servers through Redis. */
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';

const [port, redisUrl] = process.argv.slice(2);
const [publisher, subscriber] = [new Redis(redisUrl!), new Redis(redisUrl!)];
const http = createServer();
const io = new Server(http, { transports: ['websocket'], adapter: createAdapter(publisher, subscriber) });

io.on('connection', socket => {
  let joined = '';
  socket.on('join', async (room: string, done: (answer: string) => void) => {
    joined = room;
    await socket.join(room);
    done('ok');
  });
  socket.on('message', (text: string, done: (answer: string) => void) => {
    io.to(joined).emit('message', text);
    done('ok');
  });
});
http.listen(Number(port), '127.0.0.1');
