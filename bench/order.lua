-- wrk's requests for the way from an event to a mail: orders as Segment calls of about 500 bytes, each from the next of 50,000
-- contacts, all of which the rule lets pass.
local serial = 0
local thread = 0
local run = 0
local headers = {["Content-Type"] = "application/json"}
function setup(t) t:set("thread", thread); thread = thread + 1 end
function init() run = os.time() end
function request()
  serial = serial + 1
  local id = serial % 50000
  return wrk.format("POST", "/v1/track", headers, string.format('{"type":"track","userId":"user-%d","event":"order.completed",' ..
    '"messageId":"%d-%d-%d","properties":{"order_id":"order-%d-%d","total":129.95,"currency":"EUR","items":3,"source":"web",' ..
    '"page":"https://shop.example/checkout/thank-you","sku":"SKU-004711"},"context":{"traits":{"email":"user-%d@example.net"},' ..
    '"library":{"name":"bench","version":"1.0.0"},"locale":"en-GB"}}', id, run, thread, serial, run, serial, id))
end
