// Renderings a second of the same mail by liquidjs and Handlebars, each compiled once and without escaping, as the plain
// rendering that bench/liquid_bench.cpp measures. Prints {liquidjs, handlebars}.
import Handlebars from 'handlebars';
import {Liquid} from 'liquidjs';

import {perSecond} from './repeat.mjs';
import {data, handlebarsSource, liquidSource} from './template.mjs';

const engine = new Liquid();
const parsed = engine.parse(liquidSource);
const compiled = Handlebars.compile(handlebarsSource, {noEscape: true});
if (engine.renderSync(parsed, data) !== compiled(data)) throw new Error('the engines render different mails');
console.log(JSON.stringify({liquidjs: perSecond(() => engine.renderSync(parsed, data)), handlebars: perSecond(() => compiled(data))}));
