const glocal = require("glocal");
const koopman = require("glocal/koopman");
const { trainOneWindow } = require("./one-window.cjs");

trainOneWindow(glocal, koopman).then((line) => console.log(`CommonJS: ${line}`));
