import type { MicrophoneFrame } from './framer.ts';
import { CallProblem, microphoneProblem } from './problem.ts';
import { MICROPHONE_FILE, MICROPHONE_PROCESSOR } from './worklets.ts';

/** What an open microphone tells. */
export interface MicrophoneListener {
  frame(frame: MicrophoneFrame): void;
  /** The device went away, or the caller took the permission back. */
  lost(): void;
}

/** An open microphone; `close` releases the device. */
export interface Microphone {
  mute(muted: boolean): void;
  close(): void;
}

/**
 * Asks for the microphone and streams it in frames of 16 kHz. The context keeps the device's own rate and the worklet
 * resamples, because a browser cancels the agent's echo only between streams of one rate. Rejects with a `CallProblem`.
 * `assets` is where the worklet file is served from.
 */
export async function openMicrophone(
  context: AudioContext,
  assets: URL,
  listener: MicrophoneListener,
): Promise<Microphone> {
  const stream = await capture();
  const [track] = stream.getAudioTracks();
  if (track === undefined) throw new CallProblem('mic-missing');
  try {
    await context.audioWorklet.addModule(new URL(MICROPHONE_FILE, assets));
  } catch (error) {
    track.stop();
    throw error;
  }
  const source = context.createMediaStreamSource(stream);
  const framer = new AudioWorkletNode(context, MICROPHONE_PROCESSOR, {
    channelCount: 1,
    channelCountMode: 'explicit',
  });
  framer.port.onmessage = (event: MessageEvent<MicrophoneFrame>) => listener.frame(event.data);
  // The framer writes silence; being connected is what makes a browser run it.
  source.connect(framer).connect(context.destination);
  track.onended = () => listener.lost();
  return {
    mute: (muted) => {
      track.enabled = !muted;
    },
    close: () => {
      track.onended = null;
      framer.port.onmessage = null;
      source.disconnect();
      framer.disconnect();
      track.stop();
    },
  };
}

async function capture(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
  } catch (error) {
    throw microphoneProblem(error);
  }
}
