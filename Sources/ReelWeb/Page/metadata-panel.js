// All that is known of the recording; tags, ticket, notes and the pin can be changed.

import { askJSON } from "./api.js";
import { element } from "./dom.js";
import { duration, size, wholeMoment } from "./words.js";

export class MetadataPanel {
  constructor({ recording }) {
    this.recording = recording;
    this.list = element("dl", {});
    this.form = this.#makeForm();
    this.root = element("div", { class: "about" }, this.form, this.list);
    this.#fill();
  }

  #makeForm() {
    this.said = element("span", { class: "said", role: "status" });
    return element("form", { onsubmit: (event) => this.#save(event) },
      element("label", {}, "Tags, with commas between", element("input", { name: "tags" })),
      element("label", {}, "Ticket", element("input", { name: "ticket" })),
      element("label", {}, "Notes", element("textarea", { name: "notes", rows: 4 })),
      element("label", { class: "check" }, element("input", { name: "pinned", type: "checkbox" }), " Pinned: retention never removes it"),
      element("div", { class: "actions" }, this.said, element("button", { type: "submit" }, "Save")));
  }

  #fill() {
    const { about } = this.recording;
    this.form.tags.value = about.tags.join(", ");
    this.form.ticket.value = about.ticket;
    this.form.notes.value = about.notes;
    this.form.pinned.checked = about.pinned;
    const rows = [
      ["Number", about.number], ["Id", about.id], ["Status", about.status + (about.end_reason ? ` (${about.end_reason})` : "")],
      ["Started", wholeMoment(about.created)], ["Ended", about.ended && wholeMoment(about.ended)],
      ["Length", `${duration(about.duration_ms)}, active ${duration(about.active_ms)}`],
      ["User", about.user], ["Session", about.session], ["Window", about.window], ["Project", about.project],
      ["Activity", about.activity], ["Brand", about.brand], ["Browser", about.browser],
      ["Viewport", about.viewport && `${about.viewport.width} × ${about.viewport.height}`],
      ["First page", about.first_url], ["Last page", about.last_url],
      ["Events", about.events.toLocaleString()], ["Lost events", about.lost_events || ""],
      ["Pages", about.pages], ["Clicks", about.clicks], ["Inputs", about.inputs],
      ["Console errors", about.console_errors], ["Requests", `${about.requests}, failed ${about.failed_requests}`],
      ["Size", `${size(about.stored_bytes)} stored, ${size(about.raw_bytes)} of text`],
      ["Goes on in", about.successor && `#${about.successor.number}`], ["Went on from", about.predecessor && `#${about.predecessor.number}`],
    ];
    this.list.replaceChildren(...rows.filter(([, value]) => value !== "" && value !== null && value !== undefined)
      .flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]));
  }

  async #save(event) {
    event.preventDefault();
    const { tags, ticket, notes, pinned } = this.form;
    this.said.textContent = "Saving …";
    try {
      this.recording.about = await askJSON(this.recording.path, { method: "PATCH", body: {
        tags: tags.value.split(",").map((tag) => tag.trim()).filter((tag) => tag !== ""),
        ticket: ticket.value, notes: notes.value, pinned: pinned.checked,
      } });
      this.#fill();
      this.said.textContent = "Saved.";
    } catch (error) {
      this.said.textContent = error.message;
    }
  }
}
