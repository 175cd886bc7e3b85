// Asking the daemon. What it refuses becomes an error in its own words.

import { askForToken, token } from "./access.js";

export class APIError extends Error {
  /** @param {{title?: string, detail?: string, type?: string}} problem */
  constructor(problem, status) {
    super(problem.detail || problem.title || `The daemon answered ${status}.`);
    this.status = status;
    this.type = (problem.type || "").replace("urn:reeld:problem:", "");
  }
}

/**
 * @param {string} path
 * @param {{method?: string, body?: any, signal?: AbortSignal, headers?: Record<string, string>}} [options]
 * @returns {Promise<Response>} an answer of 2xx
 */
export async function ask(path, options = {}) {
  for (;;) {
    const headers = { ...options.headers };
    const mine = token();
    if (mine) headers.Authorization = `Bearer ${mine}`;
    if (options.body !== undefined) headers["Content-Type"] = "application/json";
    const answer = await send(path, {
      method: options.method ?? "GET",
      headers,
      signal: options.signal,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
    if (answer.ok) return answer;
    if (answer.status !== 401) throw new APIError(await problemOf(answer), answer.status);
    await askForToken();
  }
}

/** @returns {Promise<any>} */
export async function askJSON(path, options) {
  return (await ask(path, options)).json();
}

async function send(path, request) {
  try {
    return await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new APIError({ detail: "The daemon does not answer. Is reeld running? Load the page again when it is." }, 0);
  }
}

async function problemOf(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}
