// nodemailer as its manual has it for many mails: a pool of connections that are kept.
import nodemailer from 'nodemailer';

export const openPool = (port) => nodemailer.createTransport(
  {pool: true, maxConnections: 16, maxMessages: Infinity, host: '127.0.0.1', port, ignoreTLS: true});
