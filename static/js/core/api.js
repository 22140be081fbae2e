// The one way to the server: JSON in, JSON out, errors as {code, message, context}.

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message || fallback(status));
    this.status = status;
    this.code = body?.code || `HTTP_${status}`;
    this.context = body?.context || {};
  }
}

function fallback(status) {
  if (status === 0) return "The server cannot be reached. Check the connection, then try again.";
  if (status === 401) return "You are signed out. Sign in again.";
  if (status === 403) return "You are not allowed to do this.";
  if (status === 404) return "There is nothing here, or it is not yours to see.";
  if (status === 429) return "Too many requests. Wait a moment, then try again.";
  return "The server failed. Try again; if it keeps failing, tell the operator.";
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

async function request(method, path, body, { signal } = {}) {
  const headers = { Accept: "application/json" };
  const options = { method, headers, credentials: "same-origin", signal };
  if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, null);
  }
  const isJson = (response.headers.get("Content-Type") || "").includes("json");
  const answer = isJson ? await response.json() : null;
  if (!response.ok) throw new ApiError(response.status, answer);
  if (answer && typeof answer === "object") Object.defineProperty(answer, "httpStatus", { value: response.status });
  return answer;
}

export const api = {
  get: (path, options) => request("GET", path, undefined, options),
  post: (path, body = {}, options) => request("POST", path, body, options),
  patch: (path, body, options) => request("PATCH", path, body, options),
  remove: (path, options) => request("DELETE", path, undefined, options),
};

/** {a: 1, b: "", c: null} → "?a=1" */
export function query(values) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== "" && value !== null && value !== undefined) search.set(name, value);
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** A symbol in a path keeps its slashes, everything else is escaped. */
export const symbolPath = (symbol) => symbol.split("/").map(encodeURIComponent).join("/");
