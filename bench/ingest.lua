-- wrk's requests: Segment calls of about 400 bytes, one event each, or batches of the size in the environment's BATCH.
local batch = tonumber(os.getenv("BATCH") or "0")
local serial = 0
local thread = 0
function setup(t) t:set("thread", thread); thread = thread + 1 end
function init() math.randomseed(thread + 7); run = os.time() end
local function event()
  serial = serial + 1
  return string.format('{"type":"track","userId":"user-%d","event":"product.viewed","messageId":"%d-%d-%d",' ..
    '"properties":{"product":"boots-%d","price":%d,"currency":"EUR","category":"shoes","position":%d},' ..
    '"context":{"library":{"name":"bench","version":"1.0.0"},"locale":"en-GB","userAgent":"Mozilla/5.0 (X11; Linux x86_64)",' ..
    '"page":{"path":"/shoes/boots","url":"https://shop.example/shoes/boots"}}}',
    math.random(10000), run, thread, serial, serial % 100, serial % 1000, serial % 20)
end
function request()
  if batch == 0 then return wrk.format("POST", "/v1/track", nil, event()) end
  local items = {}
  for n = 1, batch do items[n] = event() end
  return wrk.format("POST", "/v1/batch", nil, '{"batch":[' .. table.concat(items, ",") .. ']}')
end
