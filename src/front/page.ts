import { sep } from 'node:path';
import express, { type RequestHandler, type Response } from 'express';
import helmet from 'helmet';

/** Security headers for every answer; the page may load nothing but its own files. */
export function createSecurityHeaders({ https }: { https: boolean }): RequestHandler {
  return helmet({
    strictTransportSecurity: https,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        connectSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
  });
}

/** The built page. Files below `assets/` carry a hash in their name and are kept for ever, others are asked for anew. */
export function createPage(webDir: string): RequestHandler {
  const setHeaders = (response: Response, path: string) => {
    const hashed = path.includes(`${sep}assets${sep}`);
    response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
  };
  return express.static(webDir, { cacheControl: false, redirect: false, setHeaders });
}
