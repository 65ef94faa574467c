// Text that the server does not have yet, kept on this device. It holds what a patient said, so it goes as soon as the
// server has it, belongs to one login, and is forgotten after two days.

const PREFIX = "hms-draft:";
const LONGEST = 2 * 24 * 3600 * 1000;

export class Drafts {
  constructor(consultation, reader) {
    this.key = `${PREFIX}${reader}:${consultation}`;
    this.works = true;
    this.forgetOld();
  }

  // Returns whether it is kept.
  keep(payload, version) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ payload, version, at: Date.now() }));
      this.works = true;
    } catch {
      this.works = false; // full, or switched off
    }
    return this.works;
  }

  found() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  drop() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      this.works = false;
    }
  }

  forgetOld() {
    try {
      for (const key of Object.keys(localStorage)) {
        if (!key.startsWith(PREFIX)) continue;
        const kept = JSON.parse(localStorage.getItem(key) ?? "null");
        if (!kept || Date.now() - kept.at > LONGEST) localStorage.removeItem(key);
      }
    } catch {
      this.works = false;
    }
  }
}
