/** After so many sounds that were nothing, a sound without words does not pause the agent. */
const FALSE_ALARMS = 2;

/** Whether a sound of this caller is worth a pause before it has brought words. */
export class Trust {
  /** Sounds that paused the agent and were nothing, less those that were speech. */
  falseAlarms = 0;

  get lost(): boolean {
    return this.falseAlarms >= FALSE_ALARMS;
  }

  wasNothing(): void {
    this.falseAlarms++;
  }

  wasSpeech(): void {
    this.falseAlarms = Math.max(0, this.falseAlarms - 1);
  }
}
