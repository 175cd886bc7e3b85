/* reeld's recorder, with rrweb's (MIT licence, Copyright (c) 2018 Contributors of rrweb-io/rrweb and SmartX Inc.) in it. */
(() => {
"use strict";
const rrweb = {};
// Whatever module system the page has, the bundle's exports go to `rrweb` and nowhere else.
(function () {
let define, module, exports;
