-- SPDX-License-Identifier: MIT
-- Has wrk send several requests at once: wrk -s pipeline.lua URL -- DEPTH

function init(args)
  requests = wrk.format("GET", "/"):rep(tonumber(args[1]))
end

function request()
  return requests
end
