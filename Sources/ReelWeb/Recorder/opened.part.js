
}).call(rrweb);
