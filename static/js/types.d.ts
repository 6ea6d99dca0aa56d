/** What the server says about a job; the server builds it in one place. */
interface JobStatus {
  id: string;
  status: "queued" | "running" | "succeeded" | "failed" | "canceled";
  version: number;
  attempt: number;
  max_attempts: number;
  queue_position: number | null;
  eta_seconds: number | null;
  poll_after_ms: number;
  prompt: string;
  created_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  error: { code: string; message: string; retryable: boolean; retry_in: number | null } | null;
  image: JobImage | null;
  status_url: string;
}

interface JobImage {
  url: string;
  thumbnail_url: string;
  download_url: string;
  page_url: string;
  width: number;
  height: number;
  placeholder: string;
}

/** One poll's answer. */
interface StatusAnswer {
  jobs: JobStatus[];
  poll_after_ms: number;
}

/** What the form knows about a model. */
interface ModelFacts {
  steps: number;
  guidance_scale: number;
  negative_prompt: boolean;
  steps_adjustable: boolean;
  guidance: boolean;
}

/** Django's JavaScript catalog; absent when it did not load. */
interface Window {
  gettext?: (text: string) => string;
  ngettext?: (one: string, many: string, count: number) => string;
}
