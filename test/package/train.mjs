import * as glocal from "glocal";
import * as koopman from "glocal/koopman";
import oneWindow from "./one-window.cjs";

console.log(`ES modules: ${await oneWindow.trainOneWindow(glocal, koopman)}`);
